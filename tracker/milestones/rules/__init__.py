"""Rules of milestones: the frozen record, the week of a retrospective, a year. Pure."""
