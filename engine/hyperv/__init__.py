"""Hyper-V as the backup meets it: what a virtual machine must fulfil, and how it is brought to rest."""
