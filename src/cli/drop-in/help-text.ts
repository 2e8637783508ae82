/** The answer to `--cluster help`, laid out as in redis-cli. */
export const HELP = `Cluster Manager Commands:
  create         host1:port1 ... hostN:portN
                 --cluster-replicas <number>
  check          host:port, or host port
                 --cluster-search-multiple-owners
  info           host:port, or host port
  fix            host:port, or host port
                 --cluster-search-multiple-owners
                 --cluster-fix-with-unreachable-masters
                 --cluster-timeout <milliseconds>
                 --cluster-pipeline <keys>
                 --cluster-replace
  reshard        host:port, or host port
                 --cluster-from <id,...,id or all>
                 --cluster-to <id>
                 --cluster-slots <number>
                 --cluster-yes
                 --cluster-timeout <milliseconds>
                 --cluster-pipeline <keys>
                 --cluster-replace
                 --cluster-use-atomic-slot-migration
  rebalance      host:port, or host port
                 --cluster-weight <id1=w1 ... idN=wN>
                 --cluster-use-empty-masters
                 --cluster-timeout <milliseconds>
                 --cluster-simulate
                 --cluster-pipeline <keys>
                 --cluster-threshold <percent>
                 --cluster-replace
                 --cluster-use-atomic-slot-migration
  add-node       new_host:new_port existing_host:existing_port
                 --cluster-slave
                 --cluster-master-id <id>
  del-node       host:port node_id
  call           host:port command arg ... arg
                 --cluster-only-masters
                 --cluster-only-replicas
  set-timeout    host:port milliseconds
  import         host:port
                 --cluster-from <host:port>
                 --cluster-from-user <name>
                 --cluster-from-pass <password>
                 --cluster-from-askpass
                 --cluster-copy
                 --cluster-replace
                 --cluster-timeout <milliseconds>
  backup         host:port directory
  ${"help".padEnd(15)}

In check, info, fix, reshard, rebalance, del-node, call, set-timeout, import and backup, name any working node of the cluster.

Cluster Manager Options:
  --cluster-yes  Automatic yes to cluster commands prompts

`;

export const USAGE = `Usage: slotctl [options] --cluster <subcommand> [arguments] [--cluster-... options]
Takes the command lines of redis-cli --cluster and valkey-cli --cluster as they are.

  -a, --pass <password>  Password of all nodes. SLOTCTL_AUTH, VALKEYCLI_AUTH or REDISCLI_AUTH
                         in the environment keeps it out of the process list.
  --user <name>          ACL user; needs a password.
  --askpass              Ask for the password, or read it as a line from standard input.
  --no-auth-warning      Do not warn about a password on the command line.
  -u <uri>               redis://user:password@host, or rediss://... for TLS; valkey:// works as well.
                         The host and port are not used.
  --tls                  Connect with TLS.
  --sni <host>           Server name for TLS.
  --cacert <file>        CA certificates to verify the servers with.
  --cacertdir <dir>      Directory of such certificates.
  --cert <file>          Client certificate.
  --key <file>           Key of the client certificate.
  --insecure             Do not verify certificates.
  -t <seconds>           How long to wait for a connection; 5 when left out or 0.
  -4, -6                 Prefer IPv4 or IPv6 when a name is looked up.
  -x                     Take standard input as the last argument; must stand before --cluster.
  -X <tag>               Take standard input in place of the argument <tag>; likewise.
  --verbose              Say more.
  --help                 Show this text.
  --version              Show the version.

All other options of redis-cli are accepted and have no effect.
slotctl --cluster help lists the subcommands; slotctl --help shows slotctl's own commands.
`;
