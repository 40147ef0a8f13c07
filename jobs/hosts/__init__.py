"""Where machines come from: the port, and its adapters for Fly and for this computer.

Empty on purpose: `jobs.hosts.local_machine` runs beside every local machine and must not load an HTTP client.
"""
