"""Components on a grid: nothing overlaps, causes stand above, and every line can be followed with a finger."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pipeline import COMPONENTS, DEPENDS_ON, Scope
from tui.picture.grid import Node, arrange
from tui.picture.routing import DOWN, LEFT, RIGHT, UP

_STEPS = {UP: (0, -1), DOWN: (0, 1), LEFT: (-1, 0), RIGHT: (1, 0)}


@st.composite
def graphs(draw):
    """What a plate might hold: none to twenty nodes that stand on up to four earlier ones."""
    nodes = []
    for number in range(draw(st.integers(0, 20))):
        below = draw(st.sets(st.integers(0, max(number - 1, 0)), max_size=min(number, 4)))
        nodes.append(Node(f"n{number:02}", draw(st.integers(1, 2)), tuple(f"n{one:02}" for one in sorted(below))))
    return tuple(nodes)


WIDTHS = st.integers(54, 240)


def on_plate(scope):
    """A plate's components, and what they stand on outside of it."""
    own = [component for component, info in COMPONENTS.items() if scope in info.scopes]
    called = {one: f"own/{one}" if one in own else f"outer/{one}" for one in COMPONENTS}
    nodes = [Node(called[one], 1, tuple(called[below] for below in DEPENDS_ON[one])) for one in own]
    outer = sorted({below for node in nodes for below in node.stands_on if below.startswith("outer")})
    return (*(Node(one, 1, ()) for one in outer), *nodes)


@given(graphs(), WIDTHS)
def test_boxes_stay_within_the_width_and_never_overlap(nodes, width):
    boxes = arrange(nodes, width).boxes
    assert sorted(box.id for box in boxes) == [node.id for node in nodes]
    assert all(box.x >= 0 and box.x + box.width <= width for box in boxes)
    for one, other in combinations(boxes, 2):
        apart_across = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart_across or one.y + one.height < other.y or other.y + other.height < one.y


@given(graphs(), WIDTHS)
def test_what_stands_on_something_is_below_it(nodes, width):
    place = {box.id: box for box in arrange(nodes, width).boxes}
    for node in nodes:
        for below in node.stands_on:
            assert place[below].y + place[below].height < place[node.id].y


@given(graphs(), WIDTHS)
def test_every_edge_is_a_line_from_box_to_box(nodes, width):
    grid = arrange(nodes, width)
    place = {box.id: box for box in grid.boxes}
    joints = {(joint.x, joint.y): joint for joint in grid.joints}
    for node in nodes:
        for below in node.stands_on:
            start, end = place[below], place[node.id]
            reached = follow((below, node.id), (start.x + start.width // 2, start.y + heights(grid, start)), joints)
            assert any(y == end.y - 1 and end.x <= x < end.x + end.width for x, y in reached)


@given(graphs(), WIDTHS)
def test_lines_never_run_through_boxes_and_never_end_in_the_open(nodes, width):
    grid = arrange(nodes, width)
    inside = {(x, y) for box in grid.boxes for x in range(box.x, box.x + box.width) for y in rows(box)}
    layers = {(x, y) for box in grid.boxes for x in range(box.x, box.x + box.width) for y in rows(box, grid)}
    joints = {(joint.x, joint.y): joint for joint in grid.joints}
    assert not inside & joints.keys()
    for joint in grid.joints:
        assert 0 <= joint.x < width
        for arm, (right, down) in _STEPS.items():
            beside = (joint.x + right, joint.y + down)
            if joint.arms & arm:
                assert beside in joints or beside in layers


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("width", [55, 76, 116, 200])
def test_the_real_plates_have_two_columns_or_more_in_any_window(scope, width):
    assert len({box.x for box in arrange(on_plate(scope), width).boxes}) >= 2


def follow(edge, start, joints):
    """The cells that a finger reaches along an edge; it goes straight on where another line lies on top."""
    reached, waiting = set(), [start]
    while waiting:
        cell = waiting.pop()
        joint = joints.get(cell)
        if cell in reached or joint is None or edge not in joint.edges:
            continue
        reached.add(cell)
        for arm, (right, down) in _STEPS.items():
            if joint.arms & arm:
                beside = (cell[0] + right, cell[1] + down)
                while right and beside in joints and strange(joints[beside], edge):
                    beside = (beside[0] + right, beside[1])
                waiting.append(beside)
    return reached


def strange(joint, edge):
    """Whether a line of another source lies on top here: it crosses, straight up and down."""
    return joint.arms == UP | DOWN and all(source != edge[0] for source, _ in joint.edges)


def rows(box, grid=None):
    return range(box.y, box.y + (heights(grid, box) if grid else box.height))


def heights(grid, box):
    """Of a layer: boxes of one row may stand beside boxes of two."""
    return max(other.height for other in grid.boxes if other.y == box.y)
