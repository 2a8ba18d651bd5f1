"""How people come in, and how it stays theirs: invitations, links by mail, passwords, passkeys, sessions, reviews."""
