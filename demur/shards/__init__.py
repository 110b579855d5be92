"""Parts of files mapped apart, here or on a cluster, and kept until all is done: a killed run goes on."""

from demur.shards.work import Mapper, Task, Work, opened_work

__all__ = ["Mapper", "Task", "Work", "opened_work"]
