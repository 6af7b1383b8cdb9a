"""AWS Batch's own API over HTTP, in front of a job engine on this machine.

What may be asked, and in which shapes, is read from botocore's service models, so there is no second copy of AWS's schema here.
"""
