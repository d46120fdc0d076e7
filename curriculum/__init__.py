"""What there is to learn. Knows no learner and reads no clock."""
