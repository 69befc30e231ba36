// Holds the SARIF on stdin against the schema that Microsoft publishes with its own tools.
// usage: node sarif.js FOLDER_OF_PEERS
const path = require('path');
const modules = path.join(process.argv[2], 'node_modules');
const Ajv = require(path.join(modules, 'ajv'));
const schema = require(path.join(modules, '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
const ajv = new Ajv({ schemaId: 'id', meta: false, allErrors: true, logger: false });
ajv.addMetaSchema(require(path.join(modules, 'ajv/lib/refs/json-schema-draft-04.json')));
const log = JSON.parse(require('fs').readFileSync(0, 'utf8'));
if (!ajv.validate(schema, log)) {
  console.error(JSON.stringify(ajv.errors, null, 2));
  process.exit(1);
}
