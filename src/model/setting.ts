/** True for settings whose value nobody should see on a screen: requirepass, masterauth, tls-key-file-pass … */
export function isSecretSetting(name: string): boolean {
  return /pass|auth$/i.test(name) && !/^acl/i.test(name);
}

export const SECRET_TEXT = "(secret)";
