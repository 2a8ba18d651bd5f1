"""The PostgreSQL the registry stands on: Django's engine, on our own server or on that of `DATABASE_URL`."""
