/** Version of all JSON documents. Raised when a field goes or changes its meaning. */
export const SCHEMA_VERSION = 1;
