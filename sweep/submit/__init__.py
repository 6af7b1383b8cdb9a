"""A sweep sent to AWS Batch, or to whatever speaks its API: packed, submitted, followed, cancelled, resumed."""
