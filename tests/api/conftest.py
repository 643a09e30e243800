"""The door on a register of its own. 测试夹具"""

from collections.abc import Iterator

import pytest

from models.database import Register
from tests.api.door import Door


@pytest.fixture
def door(register: Register) -> Iterator[Door]:
    """A real application over a real register."""
    door = Door(register)
    with door.client:
        yield door
