"""The words of Eshnav as frozen records and pure functions; nothing here does I/O or imports anything of ours."""
