//! Signature Version 4 from a client's side, and HTTP requests written by hand.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use simulator::Simulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Somebody with credentials, right or wrong.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) address: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
    pub(crate) region: String,
    /// Seconds by which the caller's clock is ahead.
    pub(crate) clock_ahead: i64,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn error(&self) -> (u16, String) {
        let kind = self.json()["__type"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (self.status, kind)
    }

    /// The text of the first element of this name, if the answer is XML.
    pub(crate) fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    }

    /// Status and code of an error in XML.
    pub(crate) fn xml_error(&self) -> (u16, &str) {
        (self.status, self.element("Code").unwrap_or_default())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

impl Caller {
    pub(crate) fn of(simulator: &Simulator) -> Self {
        Self {
            address: simulator
                .endpoint_url()
                .trim_start_matches("http://")
                .to_owned(),
            access_key_id: simulator.access_key_id().to_owned(),
            secret_access_key: simulator.secret_access_key().expose_secret().to_owned(),
            session_token: None,
            region: simulator.region().to_owned(),
            clock_ahead: 0,
        }
    }

    /// Calls an operation, signed.
    pub(crate) async fn call(&self, operation: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let headers = self.sign("ssm", "POST", "/", "", body.as_bytes());
        self.post(&format!("AmazonSSM.{operation}"), &headers, body.as_bytes())
            .await
    }

    /// Calls an operation of KMS, signed.
    pub(crate) async fn call_kms(&self, operation: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let headers = self.sign("kms", "POST", "/", "", body.as_bytes());
        self.post(
            &format!("TrentService.{operation}"),
            &headers,
            body.as_bytes(),
        )
        .await
    }

    /// Calls an operation of STS, signed or not.
    pub(crate) async fn call_sts(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        signed: bool,
    ) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action);
        form.append_pair("Version", "2011-06-15");
        form.extend_pairs(parameters);
        let body = form.finish();
        let headers = if signed {
            self.sign("sts", "POST", "/", "", body.as_bytes())
        } else {
            Vec::new()
        };
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        self.send("POST", "/", content_type, &headers, body.as_bytes())
            .await
    }

    /// The answer of an operation that must succeed.
    pub(crate) async fn ask(&self, operation: &str, body: &Value) -> Value {
        let answer = self.call(operation, body).await;
        assert_eq!(answer.status, 200, "{operation}: {answer:?}");
        answer.json()
    }

    pub(crate) async fn post(
        &self,
        operation: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("X-Amz-Target".to_owned(), operation.to_owned()));
        self.send("POST", "/", "application/x-amz-json-1.1", &headers, body)
            .await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Answer {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\nConnection: close\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        self.raw(&[request.as_bytes(), body].concat())
            .await
            .unwrap()
    }

    /// Sends these bytes and reads to the end of the connection. `None` when no answer came.
    pub(crate) async fn raw(&self, request: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        // The other end may answer and close before it has read everything.
        let _sent = stream.write_all(request).await;
        let mut bytes = Vec::new();
        let _end = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    /// Headers that sign a request over `host`, `x-amz-date` and, if there is one, the session token.
    pub(crate) fn sign(
        &self,
        service: &str,
        method: &str,
        canonical_path: &str,
        canonical_query: &str,
        body: &[u8],
    ) -> Vec<(String, String)> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let timestamp = timestamp(now.checked_add_signed(self.clock_ahead).unwrap());
        let date = &timestamp[..8];
        let mut headers = vec![
            ("host", self.address.as_str()),
            ("x-amz-date", timestamp.as_str()),
        ];
        if let Some(token) = &self.session_token {
            headers.push(("x-amz-security-token", token));
        }
        let names = headers
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(";");
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let body = hex::encode(Sha256::digest(body));
        let canonical =
            format!("{method}\n{canonical_path}\n{canonical_query}\n{lines}\n{names}\n{body}");
        let scope = format!("{date}/{}/{service}/aws4_request", self.region);
        let digest = hex::encode(Sha256::digest(canonical));
        let mut key = format!("AWS4{}", self.secret_access_key).into_bytes();
        for part in scope.split('/') {
            key = hmac(&key, part);
        }
        let signature = hex::encode(hmac(
            &key,
            &format!("AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"),
        ));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key_id
        );
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut signed: Vec<_> = headers[1..].iter().map(own).collect();
        signed.push(("authorization".to_owned(), authorization));
        signed
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// `20150830T123600Z`, counted year by year and month by month.
fn timestamp(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        "{year:04}{:02}{:02}T{hour:02}{minute:02}{second:02}Z",
        month + 1,
        days + 1
    )
}
