"""What it takes for a file's name to survive a power cut. What is in the file is its writer's to sync."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make new and changed names in a folder durable: syncing a file does not sync the folder that names it.

    Raises:
        OSError: the disk is failing.
    """
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
