"""Looking into a case: a job stage by stage, all about one component, what machines are set to, a person's notes."""
