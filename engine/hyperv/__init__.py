"""Hyper-V as the backup meets it: hosts and guests, and how a virtual machine is brought to rest.

`conditions` decides between online and offline; `backup.host_backup` is a whole backup, up to the transfer; `writer`
is the Hyper-V writer, which does it within the host's VSS; `machine`, `guest` and `host` are whom it deals with,
`building` sets them up on real files; `filesystem`, `sqlite`, `database`, `hive` and `applications` run in a guest.
"""
