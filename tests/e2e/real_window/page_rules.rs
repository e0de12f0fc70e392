//! The page's own fences: content security policy, frozen prototypes, and the list of commands it may call. A hostile
//! package or file inside the page would try just this.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::net::TcpListener;

use crate::app::in_fresh_app;

#[tokio::test]
async fn the_page_can_neither_run_foreign_code_nor_reach_a_server() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let reached = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&reached);
    let accepting = tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });

    in_fresh_app(async |app| {
        let report: Value = app
            .async_script(
                r#"
                const [server] = arguments;
                const report = { ran: [], loaded: [], violations: [] };
                document.addEventListener("securitypolicyviolation", (event) => report.violations.push(event.effectiveDirective));
                window.ran = (what) => report.ran.push(what);
                const attempt = (what, action) => { try { if (action() !== undefined) report.ran.push(what); } catch {} };
                const insert = (name, properties) => new Promise((resolve) => {
                    const element = Object.assign(document.createElement(name), properties);
                    element.addEventListener("load", () => { report.loaded.push(name); resolve(); });
                    element.addEventListener("error", resolve);
                    setTimeout(resolve, 1000);
                    document.body.append(element);
                });

                attempt("eval", () => (0, eval)("1"));
                attempt("Function", () => new Function("return 1")());
                await insert("script", { textContent: "window.ran('inline script')" });
                await insert("script", { src: `${server}/remote.js` });
                await insert("script", { src: "data:text/javascript,window.ran('data script')" });
                const link = Object.assign(document.createElement("a"), { href: "javascript:window.ran('javascript URL')" });
                document.body.append(link);
                link.click();
                document.body.insertAdjacentHTML("beforeend", `<img src="${server}/event.png" onerror="window.ran('event handler')">`);
                await insert("img", { src: `${server}/remote.png` });
                await insert("iframe", { src: `${server}/frame` });
                await insert("iframe", { srcdoc: "<script>parent.ran('frame')</script>" });
                await insert("object", { data: `${server}/object` });
                await insert("link", { rel: "stylesheet", href: `${server}/remote.css` });
                const form = Object.assign(document.createElement("form"), { action: `${server}/form`, method: "post" });
                document.body.append(form);
                form.submit();
                for (const [what, action] of Object.entries({
                    fetch: () => fetch(`${server}/fetch`),
                    beacon: async () => { if (!navigator.sendBeacon(`${server}/beacon`)) throw new Error(); },
                    socket: () => new Promise((resolve, reject) => {
                        const socket = new WebSocket(server.replace("http", "ws"));
                        socket.onopen = resolve;
                        socket.onerror = reject;
                    }),
                    worker: () => new Promise((resolve, reject) => {
                        const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])));
                        worker.onmessage = resolve;
                        worker.onerror = reject;
                    }),
                })) {
                    try { await action(); if (what !== "beacon") report.ran.push(what); } catch {}
                }
                location.href = `${server}/elsewhere`;
                await new Promise((resolve) => setTimeout(resolve, 500));
                report.at = location.origin + location.pathname;
                return report;
                "#,
                vec![server.into()],
            )
            .await;
        assert_eq!(report["ran"], Value::from(Vec::<Value>::new()), "{report:#}");
        assert_eq!(report["at"].as_str().map(|at| at.starts_with("tauri://localhost")), Some(true), "{report:#}");
        // The policy, and nothing else, stopped them: it says so for each kind.
        let violations = report["violations"].to_string();
        for directive in ["script-src", "img-src", "frame-src", "connect-src", "form-action"] {
            assert!(violations.contains(directive), "no violation of {directive}: {report:#}");
        }
        assert_eq!(reached.load(Ordering::SeqCst), 0, "the server was reached: {report:#}");

        // The page itself is still well.
        app.open_demo().await;
    })
    .await;
    accepting.abort();
}

#[tokio::test]
async fn prototypes_are_frozen() {
    in_fresh_app(async |app| {
        let written: Value = app
            .script(
                "try { Object.prototype.polluted = 1; } catch {}
                 try { Object.prototype.toString = () => 'mine'; } catch {}
                 try { ({}).__proto__.polluted = 1; } catch {}
                 return { polluted: ({}).polluted ?? null, text: String({}), frozen: Object.isFrozen(Object.prototype) };",
                Vec::new(),
            )
            .await;
        assert_eq!(written["polluted"], Value::Null);
        assert_eq!(written["text"], "[object Object]");
        assert_eq!(written["frozen"], true);
    })
    .await;
}

#[tokio::test]
async fn commands_outside_the_capability_are_refused() {
    in_fresh_app(async |app| {
        let call = async |command: &str| -> Value {
            app.async_script(
                "const [command] = arguments;
                 try { return { answer: await window.__TAURI_INTERNALS__.invoke(command, { event: 'x', payload: 1, label: 'main' }) }; }
                 catch (reason) { return { refused: typeof reason === 'string' ? reason : JSON.stringify(reason) }; }",
                vec![command.into()],
            )
            .await
        };
        for denied in [
            "plugin:event|emit",
            "plugin:event|emit_to",
            "plugin:webview|internal_toggle_devtools",
            "plugin:webview|create_webview_window",
            "plugin:window|create",
            "plugin:window|close",
            "plugin:window|set_title",
            "plugin:app|app_hide",
            "plugin:app|version",
            "plugin:path|resolve_directory",
            "plugin:image|from_path",
            "plugin:resources|close",
            "plugin:menu|new",
            "plugin:tray|new",
            "plugin:shell|open",
            "plugin:fs|read_text_file",
            "no_such_command",
        ] {
            let answer = call(denied).await;
            let refused = answer["refused"].as_str().unwrap_or_else(|| panic!("{denied}: {answer}"));
            assert!(refused.contains("not allowed") || refused.contains("not found"), "{denied}: {refused}");
        }
        // What is allowed answers, so the question was put the right way.
        let answer = call("app_info").await;
        assert_eq!(answer["answer"]["platform"], "linux", "{answer}");
    })
    .await;
}

#[tokio::test]
async fn nothing_a_page_can_ask_for_holds_a_secret() {
    in_fresh_app(async |app| {
        app.open_demo().await;
        let global: bool = app.script("return '__TAURI__' in window", Vec::new()).await;
        assert!(
            !global,
            "the API must not lie about in the page's global scope"
        );
        let answers: Vec<Value> = app
            .async_script(
                "const answers = [];
                 for (const command of ['app_info', 'aws_setup', 'list_profiles'])
                     answers.push(await window.__TAURI_INTERNALS__.invoke(command));
                 return answers;",
                Vec::new(),
            )
            .await;
        let text = Value::from(answers).to_string();
        for secret in [
            "AccessKey",
            "accessKey",
            "secret",
            "token",
            "ws://",
            "http://127",
        ] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    })
    .await;
}
