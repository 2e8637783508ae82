import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";
import { scratchDirectory } from "./scratch.ts";

/** PEM files of a CA, and of a server and a client certificate that it signed. */
export interface Certificates {
  readonly ca: Certificate;
  readonly server: Certificate;
  readonly client: Certificate;
  /** Another CA, which signed nothing here: nobody who trusts only it trusts our servers. */
  readonly strangerCa: Certificate;
}

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

let made: Promise<Certificates> | undefined;

/** Made once for each test process. */
export function testCertificates(): Promise<Certificates> {
  made ??= makeCertificates();
  return made;
}

async function makeCertificates(): Promise<Certificates> {
  const { path } = scratchDirectory("tls");
  const [authority, stranger] = await Promise.all([makeAuthority("slotctl test CA"), makeAuthority("stranger CA")]);
  const [server, client] = await Promise.all([sign("server", authority), sign("client", authority)]);
  return {
    ca: write(path, "ca", authority),
    server: write(path, "server", server),
    client: write(path, "client", client),
    strangerCa: write(path, "stranger-ca", stranger),
  };
}

interface Pair {
  readonly cert: string;
  readonly private: string;
}

function makeAuthority(name: string): Promise<Pair> {
  return generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** No extKeyUsage: on the cluster bus every server is a client as well. */
function sign(name: string, authority: Pair): Promise<Pair> {
  return generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { cert: authority.cert, key: authority.private },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
}

function write(directory: string, name: string, { cert, private: key }: Pair): Certificate {
  const certFile = join(directory, `${name}.crt`);
  const keyFile = join(directory, `${name}.key`);
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certFile, keyFile, cert, key };
}
