module tracee

go 1.19
