//! TorchServe's inference API, on a machine without Redis.

use std::io::{BufRead as _, Read as _};
use std::process::{Command, Stdio};

use mnist::server::BODY_LIMIT;
use reqwest::Method;
use reqwest::blocking::Response;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::process::{NO_REDIS, Server, command, image};

fn start() -> Server {
    Server::start(NO_REDIS, &[])
}

fn assert_error(response: Response, status: u16, kind: &str, message: &str) {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&response.bytes().unwrap()).unwrap();
    let expected = json!({ "code": status, "type": kind, "message": message });
    assert_eq!(body, expected);
}

#[test]
fn the_server_is_healthy() {
    let server = start();
    let response = server.client().get(server.url("/ping")).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().unwrap(), r#"{"status":"Healthy"}"#);
}

#[test]
fn the_ten_digits_are_told() {
    let server = start();
    for digit in 0..=9 {
        let response = server.predict(image(digit));
        assert_eq!(response.status(), 200);
        assert!(response.headers().contains_key("cache-status"));
        assert_eq!(response.text().unwrap(), digit.to_string());
    }
}

#[test]
fn put_and_post_with_and_without_a_version_are_the_same() {
    let server = start();
    for method in [Method::PUT, Method::POST] {
        for path in ["/predictions/mnist", "/predictions/mnist/1.0"] {
            let request = server.client().request(method.clone(), server.url(path));
            let response = request.body(image(4)).send().unwrap();
            assert_eq!(response.text().unwrap(), "4", "{method} {path}");
        }
    }
}

#[test]
fn the_image_may_be_a_field_of_a_form() {
    let server = start();
    for field in ["data", "body"] {
        let form = Form::new()
            .text("note", "before the image")
            .part(field, Part::bytes(image(7)).file_name("7.png"));
        let url = server.url("/predictions/mnist");
        let response = server.client().post(url).multipart(form).send().unwrap();
        assert_eq!(response.text().unwrap(), "7", "{field}");
    }
}

#[test]
fn a_form_without_an_image_is_refused() {
    let server = start();
    let form = Form::new().text("note", "no image");
    let url = server.url("/predictions/mnist");
    let response = server.client().post(url).multipart(form).send().unwrap();
    let message = "the form has no field `data` or `body`";
    assert_error(response, 400, "BadRequestException", message);
}

#[test]
fn a_form_without_a_boundary_is_refused() {
    let server = start();
    let request = server.client().post(server.url("/predictions/mnist"));
    let request = request.header("content-type", "multipart/form-data");
    let response = request.body(image(7)).send().unwrap();
    assert_eq!(response.status(), 400);
}

#[test]
fn an_image_of_another_size_is_refused() {
    let server = start();
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_luma8(30, 20)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let message = "the image is 30x20 pixels; it has to be 28x28";
    assert_error(
        server.predict(png.into_inner()),
        400,
        "BadRequestException",
        message,
    );
}

#[test]
fn what_is_no_image_is_refused() {
    let server = start();
    for body in [&b""[..], b"not an image"] {
        let response = server.predict(body);
        assert_eq!(response.status(), 400);
        let text = response.text().unwrap();
        assert!(text.contains("not a readable PNG image"), "{text}");
    }
}

#[test]
fn unknown_models_and_paths_are_not_found() {
    let server = start();
    let put = |path: &str| {
        server
            .client()
            .put(server.url(path))
            .body(image(1))
            .send()
            .unwrap()
    };
    let message = "there is no model `resnet`";
    assert_error(
        put("/predictions/resnet"),
        404,
        "ModelNotFoundException",
        message,
    );
    let message = "there is no version `2.0` of the model `mnist`";
    let kind = "ModelVersionNotFoundException";
    assert_error(put("/predictions/mnist/2.0"), 404, kind, message);
    let message = "there is nothing at this path";
    for path in ["/", "/predictions", "/predictions/mnist/1.0/more"] {
        assert_error(put(path), 404, "ResourceNotFoundException", message);
    }
}

#[test]
fn other_methods_are_not_allowed() {
    let server = start();
    let message = "this path has no such method";
    for (method, path) in [
        (Method::GET, "/predictions/mnist"),
        (Method::DELETE, "/predictions/mnist"),
        (Method::PUT, "/ping"),
    ] {
        let request = server.client().request(method, server.url(path));
        let response = request.send().unwrap();
        assert!(response.headers().contains_key("allow"));
        assert_error(response, 405, "MethodNotAllowedException", message);
    }
}

#[test]
fn the_body_has_a_limit() {
    let server = start();
    assert_eq!(server.predict(vec![0; BODY_LIMIT]).status(), 400);
    let response = server.predict(vec![0; BODY_LIMIT + 1]);
    let kind = "RequestEntityTooLargeException";
    let message = "the body has more than 6553500 bytes";
    assert_error(response, 413, kind, message);
    let form = Form::new().part("data", Part::bytes(vec![0; BODY_LIMIT]));
    let url = server.url("/predictions/mnist");
    let response = server.client().post(url).multipart(form).send().unwrap();
    assert_error(response, 413, kind, message);
}

#[test]
fn each_request_is_one_line_at_debug() {
    let mut server = Server::spawn(
        command(NO_REDIS, &[])
            .env("RUST_LOG", "mnist::server=debug")
            .stderr(Stdio::piped()),
    );
    let mut log = server.stderr();
    server.predict(image(3));
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    for part in [
        "DEBUG",
        "method=PUT",
        "path=\"/predictions/mnist\"",
        "status=200",
    ] {
        assert!(line.contains(part), "no {part} in {line}");
    }
    drop(server);
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn a_taken_address_is_an_error() {
    let server = start();
    let address = server.url("").replace("http://", "");
    let output = Command::new(env!("CARGO_BIN_EXE_mnist"))
        .args(["--listen", &address])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains(&format!("cannot listen on `{address}`")),
        "{message}"
    );
}

#[test]
fn unusable_weights_are_an_error() {
    let output = command(NO_REDIS, &["--weights", "no-such-file.pt"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("cannot use the weights `no-such-file.pt`"),
        "{message}"
    );
}

#[test]
fn an_interrupted_server_ends_well() {
    let mut server = start();
    server.predict(image(3));
    assert!(server.interrupt().success());
}
