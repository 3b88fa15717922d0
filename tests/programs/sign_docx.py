# SPDX-License-Identifier: Apache-2.0
"""LibreOffice itself signs a DOCX in place, and judges what it made: exit 1 unless it says "valid". Runs with the Python of
Debian's python3-uno; certificates come from an NSS database.

usage: sign_docx.py DOCX NSS_FOLDER NAME_OF_SIGNER WORK_FOLDER"""
import os
import pathlib
import subprocess
import sys
import time

import uno

# Python sends a list of properties as a list of anything, which the factory does not take; Basic sends what it is.
BASIC = """Function Storage(stream, mode)
 Dim format(0) As New com.sun.star.beans.PropertyValue
 format(0).Name = "StorageFormat"
 format(0).Value = "ZipFormat"
 Storage = CreateUnoService("com.sun.star.embed.StorageFactory").createInstanceWithArguments(Array(stream, mode, format()))
End Function
"""
READ, READ_WRITE = 1, 7


def connect(pipe, office):
    here = uno.getComponentContext()
    resolver = here.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", here)
    for _ in range(600):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except uno.getClass("com.sun.star.connection.NoConnectException"):
            assert office.poll() is None, "LibreOffice did not start"
            time.sleep(0.2)
    raise SystemExit("LibreOffice does not answer")


def storage_opener(context):
    libraries = context.ServiceManager.createInstanceWithContext("com.sun.star.script.ApplicationScriptLibraryContainer", context)
    if not libraries.hasByName("Standard"):
        libraries.createLibrary("Standard")
    libraries.loadLibrary("Standard")
    library = libraries.getByName("Standard")
    if not library.hasByName("Open"):
        library.insertByName("Open", BASIC)
    factory = context.getValueByName("/singletons/com.sun.star.script.provider.theMasterScriptProviderFactory")
    script = factory.createScriptProvider("").getScript("vnd.sun.star.script:Standard.Open.Storage?language=Basic&location=application")
    return lambda stream, mode: script.invoke((stream, mode), (), ())[0]


def sign(context, docx, name):
    def service(what, *arguments):
        if arguments:
            return context.ServiceManager.createInstanceWithArgumentsAndContext(what, arguments, context)
        return context.ServiceManager.createInstanceWithContext(what, context)

    environment = service("com.sun.star.xml.crypto.SEInitializer").createSecurityContext("").getSecurityEnvironment()
    mine = [one for one in environment.getPersonalCertificates() if name in one.SubjectName]
    assert len(mine) == 1, [one.SubjectName for one in mine]
    files, opener = service("com.sun.star.ucb.SimpleFileAccess"), storage_opener(context)
    signatures = service("com.sun.star.security.DocumentDigitalSignatures", "1.2", False)
    storage = opener(files.openFileReadWrite(docx.as_uri()), READ_WRITE)
    assert signatures.signDocumentWithCertificate(mine[0], storage, None), "LibreOffice did not sign"
    storage.commit()
    storage.dispose()
    found = signatures.verifyDocumentContentSignatures(opener(files.openFileRead(docx.as_uri()), READ), None)
    assert [one.SignatureIsValid for one in found] == [True], found


def main():
    docx, nss, name, work = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
    pipe = f"phendau_sign_{os.getpid()}"
    office = subprocess.Popen(["soffice", "--headless", "--norestore", f"-env:UserInstallation={(work / 'office').resolve().as_uri()}",
                               f"--accept=pipe,name={pipe};urp;"],
                              env={**os.environ, "MOZILLA_CERTIFICATE_FOLDER": f"sql:{nss}"}, stderr=subprocess.DEVNULL)
    try:
        context = connect(pipe, office)
        sign(context, docx, name)
        desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        try:
            desktop.terminate()
        except uno.getClass("com.sun.star.lang.DisposedException"):
            pass  # it ended before it answered
        office.wait(60)
    finally:
        office.kill()


if __name__ == "__main__":
    main()
