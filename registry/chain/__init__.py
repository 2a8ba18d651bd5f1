"""The chain that makes the audit trail prove itself: sealed by the database, checked from outside of it.

docs/decisions/0012-audit-chain.md tells what it catches and what it cannot.
"""
