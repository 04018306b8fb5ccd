// The example of Wonderchat's webhooks page, unchanged; the last line has it listen where the test can
// find it.
const express = require("express");
const crypto = require("crypto");

const app = express();
app.use(express.json());

app.post("/webhooks/wonderchat", (req, res) => {
  const signature = req.headers["x-wonderchat-signature"];
  const timestamp = req.headers["x-wonderchat-timestamp"];
  const secret = process.env.WONDERCHAT_WEBHOOK_SECRET;

  // Verify signature
  const hmac = crypto.createHmac("sha256", secret);
  hmac.update(JSON.stringify(req.body));
  const expectedSignature = hmac.digest("hex");

  if (signature !== expectedSignature) {
    return res.status(401).send("Invalid signature");
  }

  // Process webhook based on event type
  const { event, data } = req.body;

  switch (event) {
    case "LIVE_CHAT_INITIATED":
      // Handle live chat initiation
      console.log("Live chat started:", data);
      break;

    case "USER_MESSAGE_SENT":
      // Handle user message
      console.log("User message:", data);
      break;

    case "HUMAN_HANDOVER":
      // Handle human handover
      console.log("Human handover requested:", data);
      // Send notification to support team
      // Create ticket in help desk system
      // Update internal dashboards
      break;

    default:
      console.log("Unknown event type:", event);
  }

  // Respond immediately
  res.status(200).send("OK");
});

const server = app.listen(0, "127.0.0.1", () => console.log("PORT", server.address().port));
