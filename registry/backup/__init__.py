"""A backup that proves itself: one encrypted file of one moment, and after restoring it the same rows or an error.

The file is an age file (age-encryption.org/v1): with the secret key any age program reads it, without it nobody does,
and one changed byte is noticed. Inside stand a line of JSON, the manifest, and after it a dump in pg_dump's custom
format. The host needs only the public key, so who breaks in there cannot read older backups.

The queue is left out, because what it rings for are rows; so is the table of counted requests, which no crash survives.
"""
