"""AWS Batch's operations over the job engine, for programs that speak to AWS."""
