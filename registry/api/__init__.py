"""What every part of the API shares: who asks, what they may, strict JSON in, problems out, versions, pages."""
