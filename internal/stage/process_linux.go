package stage

import "syscall"

const stopSignal = syscall.SIGTERM

func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
