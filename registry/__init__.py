"""The ground floor: configuration, people, permission and audit. Knows nothing of tumors."""
