"""What a stranger sees first: published cases and the founding cohort, in the import format.

Neither is registry data: their sources (literature, reconstruction) keep them out of every clinical report.
"""
