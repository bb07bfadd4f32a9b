"""How a Hyper-V backup works: the executable model of the pipeline and its vocabulary."""

from engine.pipeline import COMPONENTS, DEPENDS_ON, STAGES, Component, Mode, Scope, Stage, stages_of

__all__ = ["COMPONENTS", "DEPENDS_ON", "STAGES", "Component", "Mode", "Scope", "Stage", "stages_of"]
