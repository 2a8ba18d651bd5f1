"""Cases over HTTP: nested documents in and out, what the rulebooks say of them, the rules and the dictionary."""
