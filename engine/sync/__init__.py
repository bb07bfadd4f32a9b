"""How a replica is brought in step with an image: block by block, by checksums, moving only what differs."""
