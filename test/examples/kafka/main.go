// Stands in for Kafka: a broker that speaks its protocol and keeps all in memory. Its argument is its port; it ends with
// its standard input.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	port, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	cluster := kfake.MustCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.SeedTopics(3, "logs"))
	defer cluster.Close()
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
