"""A job engine with AWS Batch's model: definitions, queues, environments, array jobs, dependencies, retries."""
