"""Who gets in where: every address, asked by everybody, in every way, for what is theirs and what is not."""
