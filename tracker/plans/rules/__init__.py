"""Pure decisions about a plan: how work lies on dates, and how far a learner has come."""
