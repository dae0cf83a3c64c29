// Vault as it is, but for two things: the names of its peers are looked up in a list that the environment gives it
// (there is no DNS here, and peers must not be called 127.0.0.1), and it has no `auto_join`, which see.
package main

import (
	"os"

	"github.com/hashicorp/vault/command"
)

func main() {
	if hosts := os.Getenv("KIT_HOSTS"); hosts != "" {
		resolve(hosts)
	}
	os.Exit(command.Run(os.Args[1:]))
}
