"""Two rulebooks, one engine: validity asks whether it can be true, the algorithm whether care followed it."""
