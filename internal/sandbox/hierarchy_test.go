package sandbox_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/sandbox"
)

func TestGroupsAreFoundOnEveryKindOfMachine(t *testing.T) {
	for _, c := range []struct {
		what, mounts, groups, parent string
		want                         map[string]sandbox.Place
	}{
		{
			what:   "v2, a service of systemd",
			mounts: "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n",
			groups: "0::/system.slice/leat.service\n",
			want: map[string]sandbox.Place{
				"": {V2: true, Own: "/sys/fs/cgroup/system.slice/leat.service", Base: "/sys/fs/cgroup/system.slice/leat.service"},
			},
		},
		{
			what:   "v2, after Leat moved itself aside",
			mounts: "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			groups: "0::/system.slice/leat.service/leat-self\n",
			want: map[string]sandbox.Place{
				"": {V2: true, Own: "/sys/fs/cgroup/system.slice/leat.service/leat-self", Base: "/sys/fs/cgroup/system.slice/leat.service"},
			},
		},
		{
			what: "v1 and v2 side by side",
			mounts: "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
				"32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
				"33 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			groups: "5:memory:/user\n4:cpu,cpuacct:/\n0::/init\n",
			want: map[string]sandbox.Place{
				"memory":  {Own: "/sys/fs/cgroup/memory/user", Base: "/sys/fs/cgroup/memory/user"},
				"cpu":     {Own: "/sys/fs/cgroup/cpu,cpuacct", Base: "/sys/fs/cgroup/cpu,cpuacct"},
				"cpuacct": {Own: "/sys/fs/cgroup/cpu,cpuacct", Base: "/sys/fs/cgroup/cpu,cpuacct"},
				"":        {V2: true, Own: "/sys/fs/cgroup/unified/init", Base: "/sys/fs/cgroup/unified/init"},
			},
		},
		{
			what:   "a container that sees its part of the tree only",
			mounts: "31 23 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			groups: "5:memory:/docker/abc\n",
			want:   map[string]sandbox.Place{"memory": {Own: "/sys/fs/cgroup/memory", Base: "/sys/fs/cgroup/memory"}},
		},
		{
			what:   "a parent from the root",
			mounts: "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			groups: "0::/system.slice/leat.service\n",
			parent: "/leat.slice",
			want:   map[string]sandbox.Place{"": {V2: true, Own: "/sys/fs/cgroup/system.slice/leat.service", Base: "/sys/fs/cgroup"}},
		},
		{what: "none", mounts: "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", groups: "", want: map[string]sandbox.Place{}},
	} {
		if d := cmp.Diff(c.want, sandbox.Places(c.mounts, c.groups, c.parent)); d != "" {
			t.Errorf("%s: %s", c.what, d)
		}
	}
}
