import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

import 'graphiql/graphiql.css';
import './page.css';

const api = new URL('/graphql', location.href);
const socket = new URL(api);
socket.protocol = api.protocol.replace('http', 'ws');

// What stands in the headers' tab goes with subscriptions too, as connection_init's payload.
const fetcher = createGraphiQLFetcher({ url: api.href, subscriptionUrl: socket.href });

const welcome = `# Sign in, then put the token into the tab "Headers" below:
#   {"Authorization": "Bearer <token>"}
#
# Files cannot be sent from here; README.md has the one line of curl that does it.
mutation SignIn {
  signIn(input: {email: "", password: ""}) {
    token
    expiresAt
  }
}

query Imports {
  viewer { company { name } }
  importRuns(first: 10) {
    nodes { id fileName status percent importedCount notImportedCount }
  }
}

subscription Watch($id: ID!) {
  importProgress(id: $id) {
    status percent processedRows totalRows rowsPerSecond secondsLeft
  }
}
`;

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL fetcher={fetcher} defaultQuery={welcome} defaultEditorToolsVisibility="headers" />,
);
