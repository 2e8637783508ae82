/** The object without the properties that are undefined. */
export function defined<Value extends object>(value: { [Name in keyof Value]: Value[Name] | undefined }): Value {
  return Object.fromEntries(Object.entries(value).filter(([, property]) => property !== undefined)) as Value;
}
