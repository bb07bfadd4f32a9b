"""What screens with the picture of the pipeline have in common: its keys."""

from tui.actions import LINES, PICTURE
from tui.picture import Direction
from tui.screens.base import ShindanScreen
from tui.widgets.pipeline_picture import PipelinePicture


class PicturedScreen(ShindanScreen):
    """A place that shows the picture."""

    PARTS = (PICTURE, LINES)

    @property
    def picture(self) -> PipelinePicture:
        """The picture."""
        return self.query_one(PipelinePicture)

    def action_walk(self, direction: str) -> None:
        """A step towards the cause, towards the effect, or sideways."""
        self.picture.walk(Direction(direction))

    def action_enter(self) -> None:
        """Enter what is under the cursor."""
        self.picture.enter()

    def action_fold(self) -> None:
        """Unfold or fold."""
        self.picture.fold()

    def action_fold_as_first(self) -> None:
        """As it was at first."""
        self.picture.fold_as_first()
