"""What the events mean together: machines, jobs, the graph, which plate a hit speaks of, what is absent or missing."""
