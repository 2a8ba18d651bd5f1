"""How dates look on pages."""
