"""Parts of files mapped apart, here or on a cluster, and kept until the whole is done: a run that was killed goes on."""

from demur.shards.work import Mapper, Task, Work, opened_work

__all__ = ["Mapper", "Task", "Work", "opened_work"]
