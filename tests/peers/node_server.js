// rtsp-streaming-server: node_server.js CLIENT_PORT SOURCE_PORT RTP_PORT; a relay, UDP alone.
const RtspServer = require("rtsp-streaming-server").default;

const [clientPort, serverPort, rtpPortStart] = process.argv.slice(2).map(Number);
new RtspServer({ clientPort, serverPort, rtpPortStart, rtpPortCount: 100 }).start();
