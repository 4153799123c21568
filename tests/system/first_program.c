// The first program of a virtual machine: loads the kernel's modules that it brings along, mounts
// the disk and the folder that is shared with the machine outside, and becomes the program that
// then= on the kernel's command line names. Linked statically, alone in its initramfs.
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void need(int result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(1);  // the kernel panics, which ends the machine
}

// A module whose symbols others have waits for these: once more, as long as each round loads one.
static void load_modules(void) {
  struct dirent** names;
  const int count = scandir("/modules", &names, NULL, NULL);
  need(count, "/modules");
  need(chdir("/modules"), "/modules");
  int waiting = 0;
  int loaded = 0;
  const char* last = NULL;
  do {
    waiting = loaded = 0;
    for (int i = 0; i < count; ++i) {
      if (names[i] == NULL || names[i]->d_name[0] == '.') continue;
      const int file = open(names[i]->d_name, O_RDONLY | O_CLOEXEC);
      need(file, names[i]->d_name);
      if (syscall(SYS_finit_module, file, "", 0) == 0) {
        names[i] = NULL;
        ++loaded;
      } else {
        last = names[i]->d_name;
        ++waiting;
      }
      close(file);
    }
  } while (loaded > 0 && waiting > 0);
  need(-waiting, last);
}

static void start_loopback(void) {
  struct ifreq request;
  memset(&request, 0, sizeof(request));
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const int any = socket(AF_INET, SOCK_DGRAM, 0);
  need(any, "socket");
  need(ioctl(any, SIOCSIFFLAGS, &request), "lo");
  close(any);
}

int main(void) {
  mkdir("/disk", 0700);
  mkdir("/dev", 0755);
  puts("first program");
  load_modules();
  start_loopback();
  need(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "/dev");
  need(mount("/dev/vda", "/disk", "ext4", 0, NULL), "/dev/vda");
  need(mount("shared", "/disk/shared", "9p", 0, "trans=virtio,version=9p2000.L,msize=262144"),
       "/shared");
  need(mount("/dev", "/disk/dev", NULL, MS_MOVE, NULL), "/disk/dev");
  need(chdir("/disk"), "/disk");
  need(mount(".", "/", NULL, MS_MOVE, NULL), "/");
  need(chroot("."), "/");
  const char* then = getenv("then");
  need(then != NULL ? 0 : -1, "then=");
  need(execl(then, then, (char*)NULL), then);
}
